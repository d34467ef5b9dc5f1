import { DataDirectory } from './data-directory';
import { postgresDatabases, sqliteDatabases } from './plane-databases';

const PASSWORDS = { superuser: '', controlPlane: '', tenantPlaneOwner: '', tenantPlaneApp: '' };

describe('stacks on different databases that use the same data folder in turn', () => {
  const data = new DataDirectory('/nowhere');
  const folders = [sqliteDatabases(data), postgresDatabases(data, 5432, true, PASSWORDS)].map(
    ({ controlPlane }) => controlPlane['LOCAL_DRIVER_DIR'],
  );

  it("use separate folders, so neither treats the other's dedicated tenants as orphans", () => {
    expect(new Set(folders).size).toBe(2);
  });

  it('stop the dedicated planes that either stack left running', () => {
    expect(data.dedicatedProcesses).toEqual(folders.map((folder) => `${folder}/processes.json`));
  });
});
