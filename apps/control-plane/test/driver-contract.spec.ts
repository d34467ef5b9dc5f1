import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DRIVER_NAMES } from '../src/config/control-plane.config';

const tests = readdirSync(__dirname, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.(spec|cases)\.ts$/.test(file))
  .map((file) => readFileSync(join(__dirname, file), 'utf8'));

it.each(DRIVER_NAMES)('the infrastructure driver %s is tested against the common contract', (name) => {
  expect(tests.filter((text) => text.includes(`describeDriver('${name}'`))).not.toEqual([]);
});
