/** `TMPDIR` would have no effect, because Jest gives tests a copy of the environment. */
export function useTemporaryFolder(folder: string): void {
  jest.spyOn(jest.requireActual<typeof import('node:os')>('node:os'), 'tmpdir').mockReturnValue(folder);
}
