import { dirname } from 'node:path';
import { EnvironmentError, storageFault } from '@atlas/platform';

/** If the folder of a SQLite file is not writable, turns the error into an {@link EnvironmentError}. */
export async function explainingStorageFaults<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const fault = storageFault(dirname(file), error);
    throw fault === undefined ? error : new EnvironmentError([fault], 'The database cannot be opened');
  }
}
