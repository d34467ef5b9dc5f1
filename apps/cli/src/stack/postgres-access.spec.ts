import { requireWalkable } from './postgres-access';

describe(requireWalkable.name, () => {
  const modes: Record<string, number> = { '/': 0o755, '/root': 0o700, '/srv': 0o711, '/srv/data': 0o711 };
  const check = (path: string) => requireWalkable(path, (folder) => modes[folder]);

  it('names the folder that another user cannot walk through, and what to do', () => {
    expect(() => check('/root/atlas/data/postgres')).toThrow('"chmod o+x /root"');
  });

  it('is content when the way is open as far as it goes', () => {
    for (const path of ['/srv/data/postgres', '/srv/new/postgres']) expect(() => check(path)).not.toThrow();
  });
});
