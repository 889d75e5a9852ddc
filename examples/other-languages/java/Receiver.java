import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.stream.Stream;

/** A receiver of Revento's webhooks, written from the platform's contract with the JDK's HTTP server. */
final class Receiver implements HttpHandler {
    private static final int MAX_BODY = 1 << 20;
    private static final Gson GSON = new Gson();
    private static final Gson WITH_NULLS = new GsonBuilder().serializeNulls().create();

    private final Inbox inbox;
    private final List<String> secrets;

    private Receiver(Inbox inbox, List<String> secrets) {
        this.inbox = inbox;
        this.secrets = secrets;
    }

    /** Where your code goes. */
    private static void handle(JsonObject envelope) {
        switch (envelope.get("type").getAsString()) {
            case "application.approved" -> {} // its data has all that is needed: no call back
            case "data.deletion_required" -> {} // delete what you keep of this event's people, within 30 days
            default -> {} // an unknown type is not an error
        }
    }

    @Override
    public void handle(HttpExchange exchange) throws IOException {
        if (!exchange.getRequestMethod().equals("POST")) {
            exchange.getResponseHeaders().set("Allow", "POST");
            answer(exchange, 405, "");
            return;
        }
        byte[] body = exchange.getRequestBody().readNBytes(MAX_BODY + 1);
        Signature head = Signature.of(exchange.getRequestHeaders());
        try {
            Refusal.when(body.length > MAX_BODY, 413, "too large");
            Refusal.when(head == null || !head.isOf(body, secrets, Instant.now()), 401, "not verified");
            JsonObject envelope = parse(body);
            String id = text(envelope, "id");
            String type = text(envelope, "type");
            Refusal.when(id == null || type == null, 422, "verified, but not an envelope");
            Refusal.when(!type.equals(head.eventType()), 401, "not verified"); // the header is not signed
            boolean isNew = inbox.store(id, head.deliveryId(), type, text(envelope, "event_id"), envelope);
            Log.line("webhook stored", "delivery_id", head.deliveryId(), "type", type, "duplicate", "" + !isNew);
            answer(exchange, 204, "");
        } catch (Refusal refusal) {
            String id = head == null ? null : head.deliveryId();
            Log.line("webhook refused", "delivery_id", id, "status", "" + refusal.status, "why", refusal.getMessage());
            answer(exchange, refusal.status, refusal.getMessage() + "\n");
        } catch (Exception failure) { // the platform sends it again
            Log.line("failed", "reason", failure.toString());
            answer(exchange, 503, "");
        }
    }

    /** An empty object if the body is not a JSON object in UTF-8. */
    private static JsonObject parse(byte[] body) {
        try {
            String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString();
            JsonElement json = GSON.getAdapter(JsonElement.class).fromJson(text);
            return json.isJsonObject() ? json.getAsJsonObject() : new JsonObject();
        } catch (IOException | JsonParseException malformed) {
            return new JsonObject();
        }
    }

    /** Null if it is not a text, or empty. */
    private static String text(JsonObject object, String name) {
        JsonElement value = object.get(name);
        boolean isText = value != null && value.isJsonPrimitive() && value.getAsJsonPrimitive().isString();
        return isText && !value.getAsString().isEmpty() ? value.getAsString() : null;
    }

    private static void answer(HttpExchange exchange, int status, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    private static final class Refusal extends Exception {
        private static final long serialVersionUID = 1;

        private final int status;

        private Refusal(int status, String why) {
            super(why);
            this.status = status;
        }

        static void when(boolean condition, int status, String why) throws Refusal {
            if (condition) {
                throw new Refusal(status, why);
            }
        }
    }

    public static void main(String[] arguments) throws IOException {
        System.setProperty("sun.net.httpserver.maxReqTime", "10"); // seconds, for one request to arrive
        System.setProperty("sun.net.httpserver.nodelay", "true"); // small answers leave at once
        // While the secret is being rotated, both are accepted.
        var secrets = Stream.of(required("REVENTO_WEBHOOK_SECRET"), System.getenv("REVENTO_WEBHOOK_SECRET_PREVIOUS"))
            .filter(secret -> secret != null && !secret.isEmpty())
            .toList();
        var inbox = new Inbox(Path.of(required("DATA_DIR"), "inbox"), Receiver::handle);
        inbox.start();

        var server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(required("PORT"))), 128);
        server.createContext("/webhooks", new Receiver(inbox, secrets));
        server.createContext("/handled", exchange -> {
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            answer(exchange, 200, WITH_NULLS.toJson(inbox.handled()));
        });
        server.createContext("/healthz", exchange -> answer(exchange, 204, ""));
        server.setExecutor(Executors.newFixedThreadPool(16));
        server.start();
        Log.line("listening", "address", server.getAddress().toString());
    }

    private static String required(String name) {
        String value = System.getenv(name);
        if (value == null || value.isEmpty()) {
            throw new IllegalStateException(name + " is not set");
        }
        return value;
    }
}
