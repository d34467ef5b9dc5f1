import { Log, printable } from './log';

describe(Log.name, () => {
  it('writes one line, whatever a step is named', () => {
    const write = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    new Log().line('Started step "a\n2026-01-01T00:00:00.000Z Stopped.\u001b[2J".');
    const written = String(write.mock.calls[0]?.[0]);
    write.mockRestore();
    expect(written).toMatch(/^\S+ Started step "a\ufffd2026\S+ Stopped\.\ufffd\[2J"\.\n$/);
  });
});

describe(printable.name, () => {
  it('keeps letters of any language', () => {
    expect(printable('Größe 大小 😀')).toBe('Größe 大小 😀');
  });
});
