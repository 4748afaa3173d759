import assert from "node:assert/strict";
import { startThread } from "./thread.ts";

// Answers `say`, fails on `fail`, dies of `die`, closes on `close`.
const script = new URL(
  `data:text/javascript,${
    encodeURIComponent(`self.onmessage = ({ data: { id, op, text } }) => {
      if (op === "die") throw new Error("the end");
      if (op === "fail") self.postMessage({ id, error: new TypeError(text) });
      else if (op !== "silence") self.postMessage({ id, result: text });
      if (op === "close") self.close();
    };`)
  }`,
);

interface Request {
  op: "say" | "fail" | "die" | "silence" | "close";
  text?: string;
}

Deno.test("answers find their requests, errors are rejections", async () => {
  const thread = startThread<Request>(script, "echo");
  const answers = [1, 2, 3].map((i) => thread.ask({ op: "say", text: `answer ${i}` }));
  assert.deepEqual(await Promise.all(answers), ["answer 1", "answer 2", "answer 3"]);
  await assert.rejects(thread.ask({ op: "fail", text: "no such thing" }), {
    name: "TypeError",
    message: "no such thing",
  });
  assert.equal(thread.dead, false);
  await thread.ask({ op: "close" });
});

Deno.test("a thread that dies rejects all that wait, and says so from then on", async () => {
  const thread = startThread<Request>(script, "mortal");
  const waiting = thread.ask({ op: "silence" });
  const killer = thread.ask({ op: "die" });
  await Promise.all(
    [waiting, killer].map((asked) => assert.rejects(asked, /The thread "mortal" died: .*the end/)),
  );
  assert.equal(thread.dead, true);
  await assert.rejects(thread.ask({ op: "say" }), /is dead/);
});
