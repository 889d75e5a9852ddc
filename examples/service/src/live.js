// Refreshes the page when the server has handled a webhook. Without this script a reload does the same.
const endsConnection = ["data.deletion_required", "user.revoked_access", "integration.suspended"];
new EventSource("/live").addEventListener("handled", async ({ data: eventType }) => {
  if (endsConnection.includes(eventType)) return location.reload();
  const feed = document.getElementById("feed");
  if (feed) feed.outerHTML = await (await fetch("/feed")).text();
});
