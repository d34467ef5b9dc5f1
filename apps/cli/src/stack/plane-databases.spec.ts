import { DataDirectory } from './data-directory';
import { postgresDatabases, sqliteDatabases } from './plane-databases';

const PASSWORDS = { superuser: '', controlPlane: '', tenantPlaneOwner: '', tenantPlaneApp: '' };

describe('stacks on different databases, one after the other on one data directory', () => {
  const data = new DataDirectory('/nowhere');
  const folders = [sqliteDatabases(data), postgresDatabases(data, 5432, true, PASSWORDS)].map(
    ({ controlPlane }) => controlPlane['LOCAL_DRIVER_DIR'],
  );

  it("never treat each other's dedicated tenants as orphaned folders", () => {
    expect(new Set(folders).size).toBe(2);
  });

  it("end what each other's tenants have left running", () => {
    expect(data.dedicatedProcesses).toEqual(folders.map((folder) => `${folder}/processes.json`));
  });
});
