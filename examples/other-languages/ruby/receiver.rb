# frozen_string_literal: true

require "json"
require "time"
require_relative "inbox"
require_relative "signature"

# The pages, as a Rack application.
class Receiver
  MAX_BODY = 1 << 20

  def initialize(inbox, secrets)
    @inbox = inbox
    @secrets = secrets
  end

  def call(env)
    case env["PATH_INFO"]
    when "/webhooks" then webhooks(env)
    when "/handled" then [200, { "content-type" => "application/json" }, [JSON.generate(@inbox.handled)]]
    when "/healthz" then [204, {}, []]
    else [404, {}, []]
    end
  end

  private

  def webhooks(env)
    return [405, { "allow" => "POST" }, []] unless env["REQUEST_METHOD"] == "POST"

    status, why = receive(env)
    log("webhook refused", delivery_id: delivery_id(env), status: status, why: why) if status >= 400
    status == 204 ? [204, {}, []] : [status, { "content-type" => "text/plain" }, ["#{why}\n"]]
  rescue SQLite3::Exception => e # the platform sends it again
    log("failed", reason: e.message)
    [503, {}, []]
  end

  def receive(env)
    body = env["rack.input"].read(MAX_BODY + 1) || "".b
    return [413, "too large"] if body.bytesize > MAX_BODY

    signature, timestamp = env.values_at("HTTP_X_REVENTO_SIGNATURE", "HTTP_X_REVENTO_TIMESTAMP").map(&:to_s)
    signed = Signature.valid?(timestamp: timestamp, signature: signature, body: body, secrets: @secrets)
    return [401, "not verified"] unless signed && delivery_id(env)

    envelope = parse(body)
    return [422, "verified, but not an envelope"] unless envelope
    return [401, "not verified"] unless envelope["type"] == env["HTTP_X_REVENTO_EVENT"] # the header is not signed

    is_new = @inbox.store(envelope, delivery_id(env), body)
    log("webhook stored", delivery_id: delivery_id(env), type: envelope["type"], duplicate: !is_new)
    [204]
  end

  # A repeated header is joined with a comma.
  def delivery_id(env)
    env["HTTP_X_REVENTO_DELIVERY_ID"].to_s[/\A[0-9A-Za-z-]{1,64}\z/]
  end

  def parse(body)
    text = body.force_encoding(Encoding::UTF_8)
    envelope = text.valid_encoding? && JSON.parse(text)
    envelope if envelope.is_a?(Hash) && envelope.values_at("id", "type").all? { |value| value.is_a?(String) && value != "" }
  rescue JSON::ParserError
    nil
  end
end

# One JSON line on stderr. Ids only: no secret, no personal data.
def log(message, **fields)
  warn JSON.generate({ at: Time.now.utc.iso8601(3), message: message, **fields })
end
