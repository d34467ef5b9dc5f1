import { DataDirectory } from './data-directory';
import { postgresDatabases, sqliteDatabases } from './plane-databases';

const PASSWORDS = { superuser: '', controlPlane: '', tenantPlaneOwner: '', tenantPlaneApp: '' };

describe('a SQLite stack and a Postgres stack that share a data folder', () => {
  const data = new DataDirectory('/nowhere');
  const folders = [sqliteDatabases(data), postgresDatabases(data, 5432, true, PASSWORDS)].map(
    ({ controlPlane }) => controlPlane['LOCAL_DRIVER_DIR'],
  );

  it("keep dedicated tenants apart, so neither treats the other's folders as orphans", () => {
    expect(new Set(folders).size).toBe(2);
  });

  it('stop the dedicated planes that either of them left running', () => {
    expect(data.dedicatedProcesses).toEqual(folders.map((folder) => `${folder}/processes.json`));
  });
});
