// Renews tests/recorded/gateway/fires.json: asks the gateway's own code when it fires, at any moment.
//
//   node tests/gateway/fires.mjs CACHE/openclaw-VERSION/node_modules/openclaw/dist
//
// The gateway itself tells only the next run after now, which is why its code is asked here. The moments and expressions
// are those of the file; the next times are written anew, the rest is kept.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { resolve } from "node:path";

const dist = resolve(process.argv[2]);
const file = readdirSync(dist).find((name) => /^schedule-[\w-]+\.mjs$/.test(name));
const { t: computeNextRunAtMs } = await import(`${dist}/${file}`);
const path = fileURLToPath(new URL("../recorded/gateway/fires.json", import.meta.url));
const recorded = JSON.parse(readFileSync(path, "utf8"));
const said = (ms) => (ms === undefined ? null : new Date(ms).toISOString().replace(".000Z", "Z"));

const fires = recorded.fires.map(([expr, tz, after, ...next]) => {
  const told = [];
  for (let at = Date.parse(after); told.length < 3 && told.at(-1) !== null; ) {
    const ms = computeNextRunAtMs({ kind: "cron", expr, tz }, at);
    told.push(said(ms));
    at = ms ?? at;
  }
  if (JSON.stringify(told) !== JSON.stringify(next)) console.log(`${expr} ${tz} after ${after}: ${told}, not ${next}`);
  return [expr, tz, after, ...told];
});
for (const expr of recorded.refused) {
  try {
    computeNextRunAtMs({ kind: "cron", expr, tz: "UTC" }, 0);
    console.log(`${expr}: it is read now`);
  } catch {}
}
const lines = (list) => list.map((one) => JSON.stringify(one)).join(",\n");
writeFileSync(path, `{\n"note": ${JSON.stringify(recorded.note)},\n"fires": [\n${lines(fires)}\n],\n"refused": [\n${lines(recorded.refused)}\n]\n}\n`);
