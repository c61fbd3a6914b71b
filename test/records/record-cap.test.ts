import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it, mock } from "node:test";
import { MAX_RECORDS_A_MINUTE, RecordCap } from "../../lib/records/record-cap.ts";

describe("the cap on records", () => {
  beforeEach(() => mock.timers.enable({ apis: ["Date"], now: 0 }));
  afterEach(() => mock.timers.reset());

  it("loses no weight: what is stored and what is left out is all there was", () => {
    const cap = new RecordCap();
    let given = 0;
    let stood = 0;
    for (let minute = 0; minute < 5; minute++) {
      for (let call = 0; call < 100; call++) {
        given += 4;
        if (cap.admits("a", 4)) stood += 4 + cap.takeLeftOut("a");
      }
      mock.timers.tick(60_000);
    }
    // What the last minute left out waits for a record that never comes.
    assert.equal(stood + cap.takeLeftOut("a"), given);
    assert.equal(cap.takeLeftOut("a"), 0);
  });

  it("keeps signatures apart, and remembers a bounded number of them", () => {
    const cap = new RecordCap();
    for (let call = 0; call < MAX_RECORDS_A_MINUTE; call++) cap.admits("a", 1);
    assert.equal(cap.admits("a", 3), false);
    assert.equal(cap.takeLeftOut("b"), 0);
    let remembered = 0;
    for (let name = 0; name < 5_000; name++) {
      for (let call = 0; call <= MAX_RECORDS_A_MINUTE; call++) cap.admits(`s${name}`, 1);
    }
    for (let name = 0; name < 5_000; name++) remembered += cap.takeLeftOut(`s${name}`) > 0 ? 1 : 0;
    assert.equal(remembered, 999);
    assert.equal(cap.takeLeftOut("a"), 3);
  });
});
