<?php

// A receiver of Revento's webhooks, written from the platform's contract. The pages; worker.php handles what was received.

declare(strict_types=1);

require __DIR__ . '/signature.php';
require __DIR__ . '/inbox.php';

const MAX_BODY = 1 << 20;

function answer(int $status, string $text = ''): never
{
    http_response_code($status);
    header('Content-Type: text/plain');
    exit($text);
}

function receive(Inbox $inbox): never
{
    if ($_SERVER['REQUEST_METHOD'] !== 'POST') {
        header('Allow: POST');
        answer(405);
    }
    $header = fn (string $name): string => $_SERVER['HTTP_' . strtr(strtoupper($name), '-', '_')] ?? '';
    $deliveryId = $header('X-Revento-Delivery-Id');
    $isId = preg_match('/^[0-9A-Za-z-]{1,64}$/D', $deliveryId) === 1; // a repeated header is joined with a comma
    $refuse = function (int $status, string $why) use ($isId, $deliveryId): never {
        log_line('webhook refused', ['delivery_id' => $isId ? $deliveryId : null, 'status' => $status, 'why' => $why]);
        answer($status, "$why\n");
    };

    $body = file_get_contents('php://input', length: MAX_BODY + 1);
    if (strlen($body) > MAX_BODY) {
        $refuse(413, 'too large');
    }
    $secrets = array_filter([required('REVENTO_WEBHOOK_SECRET'), (string) getenv('REVENTO_WEBHOOK_SECRET_PREVIOUS')]);
    if (!$isId || !is_signed($header('X-Revento-Timestamp'), $header('X-Revento-Signature'), $body, $secrets)) {
        $refuse(401, 'not verified');
    }
    $envelope = json_decode($body, true);
    foreach (['id', 'type'] as $name) {
        if (!is_array($envelope) || !is_string($envelope[$name] ?? null) || $envelope[$name] === '') {
            $refuse(422, 'verified, but not an envelope');
        }
    }
    if ($envelope['type'] !== $header('X-Revento-Event')) { // the header is not signed
        $refuse(401, 'not verified');
    }
    $isNew = $inbox->store($envelope, $deliveryId, $body);
    log_line('webhook stored', ['delivery_id' => $deliveryId, 'type' => $envelope['type'], 'duplicate' => !$isNew]);
    answer(204);
}

try {
    $inbox = new Inbox(required('DATA_DIR'));
    switch (parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH)) {
        case '/webhooks':
            receive($inbox);
        case '/handled':
            header('Content-Type: application/json');
            exit(json_encode($inbox->handled(), JSON_THROW_ON_ERROR));
        case '/healthz':
            answer(204);
        default:
            answer(404);
    }
} catch (Throwable $error) { // the platform sends it again
    log_line('failed', ['reason' => $error->getMessage()]);
    answer(503);
}
