import { BoundedMap } from './bounded-map';

describe(BoundedMap.name, () => {
  it('drops the least recently set entry to make room for a new entry', () => {
    const map = new BoundedMap<string, number>(2);
    map.set('a', 1).set('b', 2).set('a', 3).set('c', 4);
    expect([...map]).toEqual([
      ['a', 3],
      ['c', 4],
    ]);
  });
});
