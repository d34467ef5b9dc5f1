// Preloaded: shortens the shutdown limit from 35 seconds to two.
const { setTimeout: wait } = globalThis;
globalThis.setTimeout = Object.assign(
  (work, ms, ...rest) => wait(work, ms === 35_000 ? 2000 : ms, ...rest),
  wait,
);
