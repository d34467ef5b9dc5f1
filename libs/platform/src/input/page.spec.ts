import { pageOf } from './page';

const rows = (count: number): { id: string }[] => Array.from({ length: count }, (_, i) => ({ id: `r${i}` }));
const idOf = ({ id }: { id: string }): string => id;

describe(pageOf.name, () => {
  it.each([
    [0, 2, [], null],
    [1, 2, ['r0'], null],
    [2, 2, ['r0', 'r1'], null],
    [3, 2, ['r0', 'r1'], 'r1'],
    [2, 1, ['r0'], 'r0'],
  ])('makes a page from %i rows with a limit of %i', (count, limit, items, next) => {
    expect(pageOf(rows(count), limit, idOf)).toEqual({ items, next_cursor: next });
  });
});
