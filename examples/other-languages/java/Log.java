import com.google.gson.JsonObject;
import java.time.Instant;

/** One JSON line on stderr. Ids only: no secret, no personal data. */
final class Log {
    private Log() {}

    static void line(String message, String... fields) {
        var line = new JsonObject();
        line.addProperty("at", Instant.now().toString());
        line.addProperty("message", message);
        for (int i = 0; i + 1 < fields.length; i += 2) {
            line.addProperty(fields[i], fields[i + 1]);
        }
        System.err.println(line);
    }
}
