// Preloaded into a plane. Shortens the shutdown limit from 35 s to 2 s.
const { setTimeout: wait } = globalThis;
globalThis.setTimeout = Object.assign(
  (work, ms, ...rest) => wait(work, ms === 35_000 ? 2000 : ms, ...rest),
  wait,
);
