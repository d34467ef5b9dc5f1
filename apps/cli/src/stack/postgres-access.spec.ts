import { requireWalkable } from './postgres-access';

describe(requireWalkable.name, () => {
  const modes: Record<string, number> = { '/': 0o755, '/root': 0o700, '/srv': 0o711, '/srv/data': 0o711 };
  const check = (path: string) => requireWalkable(path, (folder) => modes[folder]);

  it('names the folder that another user cannot enter, and what to do', () => {
    expect(() => check('/root/atlas/data/postgres')).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('"chmod o+x /root"') as string }),
    );
  });

  it('accepts a path whose existing folders are open', () => {
    for (const path of ['/srv/data/postgres', '/srv/new/postgres']) expect(() => check(path)).not.toThrow();
  });
});
