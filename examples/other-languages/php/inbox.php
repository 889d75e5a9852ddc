<?php

declare(strict_types=1);

/** The webhooks, in SQLite: stored once, then handled. All processes share it. */
final class Inbox
{
    /** Longer than the platform sends or replays a webhook. */
    private const REMEMBERED = 30 * 86_400;

    private PDO $db;

    public function __construct(string $folder)
    {
        umask(0o077);
        if (!is_dir($folder) && !@mkdir($folder, 0o700, true) && !is_dir($folder)) {
            throw new RuntimeException("cannot create $folder");
        }
        $this->db = new PDO("sqlite:$folder/inbox.db", options: [PDO::ATTR_DEFAULT_FETCH_MODE => PDO::FETCH_ASSOC]);
        $this->db->exec('PRAGMA busy_timeout = 10000');
        $this->db->exec('PRAGMA synchronous = FULL'); // an answer to the platform means that the data is on the disk
        $this->db->exec('PRAGMA secure_delete = ON'); // deleted data is overwritten
        $this->db->exec(
            'CREATE TABLE IF NOT EXISTS webhooks (
               envelope_id TEXT PRIMARY KEY, delivery_id TEXT NOT NULL, type TEXT NOT NULL, event_id TEXT,
               body TEXT, received_at REAL NOT NULL, handled_at REAL)',
        );
    }

    /** Of all that have the same envelope id, one is new. The id is signed, so that a replay under another delivery id is found. */
    public function store(array $envelope, string $deliveryId, string $body): bool
    {
        return $this->run(
            'INSERT INTO webhooks (envelope_id, delivery_id, type, event_id, body, received_at) VALUES (?, ?, ?, ?, ?, ?)
             ON CONFLICT (envelope_id) DO NOTHING',
            [$envelope['id'], $deliveryId, $envelope['type'], $envelope['event_id'] ?? null, $body, microtime(true)],
        )->rowCount() === 1;
    }

    /** Handles the oldest that waits. Returns it without its body, or null if none waits. */
    public function handleNext(callable $handle): ?array
    {
        $next = 'SELECT * FROM webhooks WHERE handled_at IS NULL ORDER BY received_at LIMIT 1';
        $row = $this->run($next)->fetch();
        if (!$row) {
            return null;
        }
        $handle(json_decode($row['body'], true, flags: JSON_THROW_ON_ERROR));
        // The body has personal data, and nobody needs it any more. The ids stay, to recognise a replay.
        $this->run('UPDATE webhooks SET handled_at = ?, body = NULL WHERE envelope_id = ?', [microtime(true), $row['envelope_id']]);
        return ['body' => null] + $row;
    }

    public function handled(): array
    {
        return $this->run(
            'SELECT envelope_id, delivery_id, type, event_id FROM webhooks WHERE handled_at IS NOT NULL ORDER BY handled_at',
        )->fetchAll();
    }

    public function forgetOld(): void
    {
        $this->run('DELETE FROM webhooks WHERE handled_at < ?', [time() - self::REMEMBERED]);
    }

    private function run(string $sql, array $values = []): PDOStatement
    {
        $statement = $this->db->prepare($sql);
        $statement->execute($values);
        return $statement;
    }
}

/** One JSON line on stderr. Ids only: no secret, no personal data. */
function log_line(string $message, array $fields = []): void
{
    $line = ['at' => gmdate('Y-m-d\TH:i:s\Z'), 'message' => $message] + $fields;
    file_put_contents('php://stderr', json_encode($line, JSON_INVALID_UTF8_SUBSTITUTE) . "\n");
}

function required(string $name): string
{
    $value = getenv($name);
    return is_string($value) && $value !== '' ? $value : throw new RuntimeException("$name is not set");
}
