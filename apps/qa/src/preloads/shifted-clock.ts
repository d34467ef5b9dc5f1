/** Preloaded into a plane, sets its clock ahead by the seconds in ATLAS_TEST_CLOCK_AHEAD. */
const aheadMs = Number(process.env['ATLAS_TEST_CLOCK_AHEAD']) * 1000;
const RealDate = Date;

globalThis.Date = new Proxy(RealDate, {
  construct: (target, given: unknown[], newTarget) =>
    Reflect.construct(target, given.length > 0 ? given : [target.now() + aheadMs], newTarget) as Date,
  get: (target, name, receiver) =>
    name === 'now' ? () => target.now() + aheadMs : (Reflect.get(target, name, receiver) as unknown),
});
