import { deepFreeze } from './deep-freeze';

describe('deepFreeze', () => {
  it('freezes objects and arrays at every depth', () => {
    const data = deepFreeze({ list: [{ name: 'a' }], nothing: null });
    expect(() => Object.assign(data, { other: 1 })).toThrow(TypeError);
    expect(() => data.list.push({ name: 'b' })).toThrow(TypeError);
    expect(() => Object.assign(data.list[0] ?? {}, { name: 'b' })).toThrow(TypeError);
  });

  it('returns primitive values and circular data unchanged', () => {
    const ring: { self?: unknown } = {};
    ring.self = ring;
    expect(deepFreeze(ring)).toBe(ring);
    expect(deepFreeze('text')).toBe('text');
  });
});
