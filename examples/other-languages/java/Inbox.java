import com.google.gson.Gson;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** A folder with a file for each webhook, named after the signed id of its envelope. Several processes may use it at once. */
final class Inbox {
    /** What your code does with a webhook. It may run twice for one, if the machine stops in the middle. */
    interface Handler {
        void handle(JsonObject envelope) throws Exception;
    }

    /** A webhook. It has a body until it is handled. */
    record Entry(
        String envelope_id, String delivery_id, String type, String event_id, JsonObject body, String handled_at) {}

    /** What remains of it. */
    record Handled(String envelope_id, String delivery_id, String type, String event_id) {}

    /** Longer than the platform sends or replays a webhook. */
    private static final Duration REMEMBERED = Duration.ofDays(30);

    private final Path folder;
    private final Handler handler;
    private final Gson gson = new Gson();
    private final ScheduledExecutorService worker = Executors.newSingleThreadScheduledExecutor();

    Inbox(Path folder, Handler handler) throws IOException {
        var ours = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
        this.folder = Files.createDirectories(folder, ours);
        this.handler = handler;
    }

    /** Handles what an earlier process has left, and forgets what is old. */
    void start() throws IOException {
        for (Entry entry : entries()) {
            if (entry.handled_at == null) {
                worker.execute(() -> handle(path(entry.envelope_id)));
            } else if (Instant.parse(entry.handled_at).plus(REMEMBERED).isBefore(Instant.now())) {
                Files.deleteIfExists(path(entry.envelope_id));
            }
        }
    }

    /** Returns when the webhook is on the disk. Of all that have the same envelope id, one is new. */
    boolean store(String envelopeId, String deliveryId, String type, String eventId, JsonObject body) throws IOException {
        Path temporary = write(new Entry(envelopeId, deliveryId, type, eventId, body, null));
        Path path = path(envelopeId);
        try {
            Files.createLink(path, temporary); // fails if there is one already
        } catch (FileAlreadyExistsException known) {
            return false;
        } finally {
            Files.delete(temporary);
        }
        try (var directory = FileChannel.open(folder)) {
            directory.force(true); // the name survives a crash of the machine, too
        }
        worker.execute(() -> handle(path));
        return true;
    }

    private void handle(Path path) {
        try {
            Entry entry = read(path);
            if (entry.handled_at != null) {
                return;
            }
            handler.handle(entry.body);
            // The body has personal data, and nobody needs it any more. The ids stay, to recognise a replay.
            Path handled = write(new Entry(
                entry.envelope_id, entry.delivery_id, entry.type, entry.event_id, null, Instant.now().toString()));
            Files.move(handled, path, StandardCopyOption.ATOMIC_MOVE);
            Log.line("webhook handled", "delivery_id", entry.delivery_id, "type", entry.type);
        } catch (Exception failure) {
            Log.line("webhook not handled", "reason", failure.toString());
            worker.schedule(() -> handle(path), 5, TimeUnit.SECONDS);
        }
    }

    /** What was handled, in that order. */
    List<Handled> handled() throws IOException {
        return entries().stream()
            .filter(entry -> entry.handled_at != null)
            .sorted(Comparator.comparing(entry -> Instant.parse(entry.handled_at)))
            .map(entry -> new Handled(entry.envelope_id, entry.delivery_id, entry.type, entry.event_id))
            .toList();
    }

    private List<Entry> entries() throws IOException {
        var entries = new ArrayList<Entry>();
        try (var paths = Files.newDirectoryStream(folder, "*.json")) {
            for (Path path : paths) {
                entries.add(read(path));
            }
        }
        return entries;
    }

    /** Any text is an id, but not any text is the name of a file. */
    private Path path(String envelopeId) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(envelopeId.getBytes(StandardCharsets.UTF_8));
            return folder.resolve(HexFormat.of().formatHex(digest) + ".json");
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** A new file that is on the disk, and that only this user can read. */
    private Path write(Entry entry) throws IOException {
        Path temporary = Files.createTempFile(folder, "", ".tmp");
        try (var file = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
            var bytes = ByteBuffer.wrap(gson.toJson(entry).getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                file.write(bytes);
            }
            file.force(true);
        }
        return temporary;
    }

    private Entry read(Path path) throws IOException {
        return gson.fromJson(Files.readString(path), Entry.class);
    }
}
