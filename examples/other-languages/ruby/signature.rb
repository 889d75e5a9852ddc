# frozen_string_literal: true

require "openssl"
require "rack/utils"

# Whether the platform signed a delivery, now.
module Signature
  WINDOW = 300 # seconds

  # The signature covers the bytes of the body as they arrived.
  def self.valid?(timestamp:, signature:, body:, secrets:, now: Time.now)
    return false unless timestamp.match?(/\A[0-9]{1,12}\z/)
    return false if (now.to_i - timestamp.to_i).abs > WINDOW

    signed = "#{timestamp}.".b << body
    expected = secrets.map { |secret| "sha256=#{OpenSSL::HMAC.hexdigest("SHA256", secret, signed)}" }
    expected.map { |one| Rack::Utils.secure_compare(one, signature) }.any? # constant time
  end
end
