import { join } from 'node:path';
import { casesIn } from '@atlas/testing';

describe.each(casesIn(join(__dirname, 'plane-backups')))(
  '%s',
  (_name, path) => void jest.requireActual(path),
);
