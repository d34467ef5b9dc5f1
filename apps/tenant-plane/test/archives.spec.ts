import { join } from 'node:path';
import { casesIn } from '@atlas/testing';

describe.each(casesIn(join(__dirname, 'archives')))('%s', (_name, path) => void jest.requireActual(path));
