import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { classesIn } from './classes-in';

class Base {}
// The generated files cannot import the base class.
Object.assign(globalThis, { ClassesInBase: Base });

describe(classesIn.name, () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'atlas-classes-in-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (file: string, ...classes: string[]): void => {
    mkdirSync(join(folder, file, '..'), { recursive: true });
    const exported = classes.map((name) => `exports.${name} = class ${name} extends ClassesInBase {};`);
    writeFileSync(join(folder, file), exported.join('\n'));
  };
  const names = (role: string) => classesIn(folder, role, Base).map(({ name }) => name);

  it('finds the classes exported by the files of a role, including those in subfolders', () => {
    write('two.step.js', 'Two', 'Three');
    write('one.step.js', 'One');
    write('below/zero.step.js', 'Zero');
    expect(names('step')).toEqual(['Zero', 'One', 'Two', 'Three']);
  });

  it('loads no other files, and throws if no file has the role', () => {
    for (const file of ['a.check.js', 'step.js', 'a.step.spec.js', 'a.step.js.map', 'a.step.d.ts'])
      writeFileSync(join(folder, file), 'throw new Error("This file must not be loaded.");');
    expect(() => names('step')).toThrow('Found no step that extends Base.');
  });

  it('ignores exports that do not extend the base class', () => {
    const others =
      'exports.NAME = "a"; exports.NONE = null; exports.make = () => {}; exports.Other = class {};';
    writeFileSync(join(folder, 'a.step.js'), `${others}\nexports.Own = class Own extends ClassesInBase {};`);
    expect(names('step')).toEqual(['Own']);
  });

  it('accepts the exports that a bundle passes instead of the folder', () => {
    class Own extends Base {}
    expect(classesIn([{ Own, name: 'own' }], 'step', Base)).toEqual([Own]);
  });
});
