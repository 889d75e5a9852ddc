import com.sun.net.httpserver.Headers;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** What the headers of a delivery say. Only the timestamp is signed. */
record Signature(String deliveryId, String eventType, String timestamp, String signature) {
    private static final long WINDOW_SECONDS = 300;

    /** Null if a header is missing, repeated or malformed. */
    static Signature of(Headers headers) {
        var read = new Signature(
            only(headers, "X-Revento-Delivery-Id"),
            only(headers, "X-Revento-Event"),
            only(headers, "X-Revento-Timestamp"),
            only(headers, "X-Revento-Signature"));
        boolean isWhole = read.deliveryId.matches("[0-9A-Za-z-]{1,64}")
            && !read.eventType.isEmpty()
            && read.timestamp.matches("[0-9]{1,12}");
        return isWhole ? read : null;
    }

    private static String only(Headers headers, String name) {
        List<String> values = headers.getOrDefault(name, List.of());
        return values.size() == 1 ? values.get(0) : "";
    }

    /** Checks the window, and the signature over the bytes as they arrived. */
    boolean isOf(byte[] body, List<String> secrets, Instant now) throws GeneralSecurityException {
        if (Math.abs(now.getEpochSecond() - Long.parseLong(timestamp)) > WINDOW_SECONDS) {
            return false;
        }
        boolean matches = false;
        for (String secret : secrets) {
            var mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            mac.update((timestamp + ".").getBytes(StandardCharsets.UTF_8));
            String expected = "sha256=" + HexFormat.of().formatHex(mac.doFinal(body));
            matches |= MessageDigest.isEqual(bytes(expected), bytes(signature)); // constant time
        }
        return matches;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
