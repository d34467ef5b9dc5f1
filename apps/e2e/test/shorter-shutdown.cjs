// Preloaded: the limit on shutting down is two seconds instead of 35.
const { setTimeout: wait } = globalThis;
globalThis.setTimeout = Object.assign(
  (work, ms, ...rest) => wait(work, ms === 35_000 ? 2000 : ms, ...rest),
  wait,
);
