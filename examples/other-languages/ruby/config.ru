# frozen_string_literal: true

# A receiver of Revento's webhooks, written from the platform's contract.

require_relative "receiver"

inbox = Inbox.new(ENV.fetch("DATA_DIR"))
# While the secret is being rotated, both are accepted.
secrets = [ENV.fetch("REVENTO_WEBHOOK_SECRET"), ENV["REVENTO_WEBHOOK_SECRET_PREVIOUS"].to_s].reject(&:empty?)

# Where your code goes. It may run twice for one webhook, if the machine stops in the middle.
handle = lambda do |envelope|
  case envelope["type"]
  when "application.approved"   then nil # envelope["data"] has all that is needed: no call back
  when "data.deletion_required" then nil # delete what you keep of this event's people, within 30 days
  end
end

Thread.new do
  inbox.forget_old
  loop do
    while (row = inbox.handle_next(&handle))
      log("webhook handled", delivery_id: row["delivery_id"], type: row["type"])
    end
    sleep 0.1
  rescue StandardError => e
    log("webhook not handled", reason: e.message)
    sleep 5
  end
end

run Receiver.new(inbox, secrets)
