// Draws Mermaid texts as PNG files: node render.mjs CHROMIUM MERMAID_JS IN.mmd OUT.png [IN.mmd OUT.png ...]
// The text of a picture stands in it as the PNG text "Mermaid", so that a test sees when a picture is of another text.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { crc32 } from "node:zlib";

const [chromium, mermaid, ...files] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "diagrams-"));
const page = join(folder, "page.html");
writeFileSync(page, `<!doctype html><meta charset="utf-8"><body style="margin:0;background:#fff"><script src="${pathToFileURL(mermaid)}"></script>`);

const browser = spawn(chromium, [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", `--user-data-dir=${join(folder, "profile")}`, "--remote-debugging-pipe",
], { stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"] });
const ended = new Promise((resolve) => browser.on("exit", resolve));
// It complains of much that a container does not have; that is shown only where it matters.
let complaints = "";
browser.stdio[2].on("data", (chunk) => { complaints += chunk; });

// The browser takes commands and tells answers as JSON texts that end with a NUL.
const waiting = new Map();
let rest = "";
browser.stdio[4].setEncoding("utf8");
browser.stdio[4].on("data", (chunk) => {
  const texts = (rest + chunk).split("\0");
  rest = texts.pop();
  for (const answer of texts.map((text) => JSON.parse(text))) {
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  }
});
let last = 0;
async function call(method, params, sessionId) {
  const id = ++last;
  const answered = new Promise((resolve) => waiting.set(id, resolve));
  browser.stdio[3].write(JSON.stringify({ id, method, params, sessionId }) + "\0");
  const answer = await Promise.race([answered, ended.then(() => ({ error: { message: "the browser ended" } }))]);
  if (answer.error) throw new Error(`${method}: ${answer.error.message}`);
  return answer.result;
}

async function draw(session, text) {
  const { result, exceptionDetails } = await call("Runtime.evaluate", {
    expression: `(async (text) => {
      mermaid.initialize({ startOnLoad: false, securityLevel: "strict", theme: "neutral", flowchart: { useMaxWidth: false } });
      const { svg } = await mermaid.render("picture", text);
      document.body.innerHTML = '<div style="display:inline-block;padding:8px">' + svg + "</div>";
      const box = document.body.firstChild.getBoundingClientRect();
      return { width: Math.ceil(box.width), height: Math.ceil(box.height) };
    })(${JSON.stringify(text)})`,
    awaitPromise: true, returnByValue: true,
  }, session);
  if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  const { data } = await call("Page.captureScreenshot", {
    format: "png", captureBeyondViewport: true, clip: { x: 0, y: 0, ...result.value, scale: 1.5 },
  }, session);
  return Buffer.from(data, "base64");
}

// marked puts a text into a PNG, as an iTXt chunk before the end.
function marked(png, text) {
  const body = Buffer.concat([Buffer.from("iTXtMermaid\0\0\0\0\0"), Buffer.from(text)]);
  const length = Buffer.alloc(4), sum = Buffer.alloc(4);
  length.writeUInt32BE(body.length - 4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([png.subarray(0, -12), length, body, sum, png.subarray(-12)]);
}

try {
  const { targetId } = await call("Target.createTarget", { url: "about:blank" });
  const { sessionId } = await call("Target.attachToTarget", { targetId, flatten: true });
  for (let i = 0; i + 1 < files.length; i += 2) {
    const text = readFileSync(files[i], "utf8");
    await call("Page.navigate", { url: pathToFileURL(page).href }, sessionId);
    const loaded = "new Promise((done) => { const look = () => window.mermaid ? done() : setTimeout(look, 20); look(); })";
    await call("Runtime.evaluate", { expression: loaded, awaitPromise: true }, sessionId);
    const png = await draw(sessionId, text);
    writeFileSync(files[i + 1], marked(png, text));
    console.log(`${files[i + 1]}: ${png.length} bytes`);
  }
} catch (error) {
  process.exitCode = 1;
  console.error(complaints + error);
} finally {
  browser.kill();
  await ended;
  rmSync(folder, { recursive: true, force: true });
}
