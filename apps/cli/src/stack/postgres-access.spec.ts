import { requireWalkable } from './postgres-access';

describe(requireWalkable.name, () => {
  const modes: Record<string, number> = { '/': 0o755, '/root': 0o700, '/srv': 0o711, '/srv/data': 0o711 };
  const check = (...paths: string[]) => requireWalkable(paths, (folder) => modes[folder]);

  it('names the folder that another user cannot walk through, and what to do', () => {
    expect(() => check('/srv/data/postgres', '/root/atlas/data/postgres')).toThrow('"chmod o+x /root"');
  });

  it('is content when the way is open as far as it goes', () => {
    expect(() => check('/srv/data/postgres', '/srv/new/postgres')).not.toThrow();
  });
});
