# frozen_string_literal: true

require "fileutils"
require "json"
require "sqlite3"

# The webhooks, in SQLite: stored once, then handled. All processes share it.
class Inbox
  REMEMBERED = 30 * 86_400 # longer than the platform sends or replays a webhook

  def initialize(folder)
    File.umask(0o077)
    FileUtils.mkdir_p(folder)
    @mutex = Mutex.new
    @db = SQLite3::Database.new(File.join(folder, "inbox.db"), results_as_hash: true)
    @db.busy_timeout(10_000)
    @db.execute_batch(<<~SQL)
      PRAGMA synchronous = FULL;   -- an answer to the platform means that the data is on the disk
      PRAGMA secure_delete = ON;   -- deleted data is overwritten
      CREATE TABLE IF NOT EXISTS webhooks (
        envelope_id TEXT PRIMARY KEY, delivery_id TEXT NOT NULL, type TEXT NOT NULL, event_id TEXT,
        body TEXT, received_at REAL NOT NULL, handled_at REAL);
    SQL
  end

  # Of all that have the same envelope id, one is new. The id is signed, so that a replay under another delivery id is found.
  def store(envelope, delivery_id, body)
    values = [envelope["id"], delivery_id, envelope["type"], envelope["event_id"], body, Time.now.to_f]
    @mutex.synchronize do
      @db.execute(<<~SQL, values)
        INSERT INTO webhooks (envelope_id, delivery_id, type, event_id, body, received_at) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (envelope_id) DO NOTHING
      SQL
      @db.changes == 1
    end
  end

  # Yields the oldest that waits. Returns it, or nil if none waits.
  def handle_next
    row = query("SELECT * FROM webhooks WHERE handled_at IS NULL ORDER BY received_at LIMIT 1").first
    return unless row

    yield JSON.parse(row["body"])
    # The body has personal data, and nobody needs it any more. The ids stay, to recognise a replay.
    query("UPDATE webhooks SET handled_at = ?, body = NULL WHERE envelope_id = ?", [Time.now.to_f, row["envelope_id"]])
    row
  end

  def handled
    query("SELECT envelope_id, delivery_id, type, event_id FROM webhooks WHERE handled_at IS NOT NULL ORDER BY handled_at")
  end

  def forget_old
    query("DELETE FROM webhooks WHERE handled_at < ?", [Time.now.to_f - REMEMBERED])
  end

  private

  def query(sql, values = [])
    @mutex.synchronize { @db.execute(sql, values) }
  end
end
