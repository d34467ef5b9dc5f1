import { type ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import { withSortedKeys } from './exported-rows';
import { type GrowingBytes } from './growing-bytes';

/** Writes the value at `start`, in COPY's text format, as JSON. Returns where the value ends. */
type Spelling = (line: GrowingBytes, copied: Buffer, start: number) => number;

export interface CopiedColumn {
  /** What a line has before the value. */
  readonly prefix: Buffer;
  readonly spell: Spelling;
}

const [NULL, TRUE, FALSE] = [Buffer.from('null'), Buffer.from('true'), Buffer.from('false')];
const [QUOTE, BEFORE_HOUR, BEFORE_FRACTION] = [Buffer.from('"'), Buffer.from('T'), Buffer.from('.')];
const [NO_FRACTION, END_OF_TIME] = [Buffer.from('000'), Buffer.from('Z"')];
/** How many JSON values of a column are remembered, and how long they may be. */
const [MAX_KNOWN, MAX_KNOWN_LENGTH] = [256, 4096];
/** In ASCII. */
const CODE = { tab: 9, newline: 10, space: 32, quote: 34, N: 78, backslash: 92, t: 116, v: 118 };

export function copiedColumn(column: ColumnMetadata, index: number): CopiedColumn {
  const prefix = Buffer.from(`${index === 0 ? '{' : ','}"${column.databaseName}":`);
  const spelling = spellingOf(column);
  const spell: Spelling = (line, copied, start) => {
    if (copied[start] !== CODE.backslash || copied[start + 1] !== CODE.N)
      return spelling(line, copied, start);
    line.add(NULL);
    return start + 2;
  };
  return { prefix, spell };
}

function spellingOf({ type, databaseName }: ColumnMetadata): Spelling {
  switch (type) {
    case 'uuid':
    case 'varchar':
    case 'text':
      return addText;
    case 'integer':
    case 'bigint':
      return addInteger;
    case 'double precision':
      return addNumber;
    case 'boolean':
      return addBoolean;
    case Date:
      return addTime;
    case 'simple-json':
      return jsonSpelling();
    default:
      throw new Error(`There is no spelling for the type of ${databaseName}.`);
  }
}

function endOf(copied: Buffer, start: number): number {
  let end = start;
  while (!isEnd(copied[end])) end += 1;
  return end;
}

/** Whether this follows a value. COPY escapes tabs and newlines in values. */
function isEnd(code: number | undefined): boolean {
  return code === undefined || code === CODE.tab || code === CODE.newline;
}

function addInteger(line: GrowingBytes, copied: Buffer, start: number): number {
  const end = endOf(copied, start);
  line.add(copied, start, end);
  return end;
}

function addNumber(line: GrowingBytes, copied: Buffer, start: number): number {
  const end = endOf(copied, start);
  line.addText(JSON.stringify(Number(copied.toString('latin1', start, end))));
  return end;
}

function addBoolean(line: GrowingBytes, copied: Buffer, start: number): number {
  line.add(copied[start] === CODE.t ? TRUE : FALSE);
  return start + 1;
}

function addText(line: GrowingBytes, copied: Buffer, start: number): number {
  let same = start;
  let at = endOfPlain(copied, start);
  line.add(QUOTE);
  while (!isEnd(copied[at])) {
    const next = at + (copied[at] === CODE.backslash ? 2 : 1);
    const other = otherSpelling(copied, at);
    if (other !== undefined) {
      line.add(copied, same, at);
      line.addText(other);
      same = next;
    }
    at = endOfPlain(copied, next);
  }
  line.add(copied, same, at);
  line.add(QUOTE);
  return at;
}

function endOfPlain(copied: Buffer, start: number): number {
  let end = start;
  while (isPlain(copied[end])) end += 1;
  return end;
}

function isPlain(code: number | undefined): boolean {
  return code !== undefined && code >= CODE.space && code !== CODE.quote && code !== CODE.backslash;
}

/** Undefined if JSON writes it like COPY: whatever COPY writes with a backslash, except a vertical tab. */
function otherSpelling(copied: Buffer, at: number): string | undefined {
  const code = copied[at] ?? 0;
  if (code === CODE.backslash) return copied[at + 1] === CODE.v ? '\\u000b' : undefined;
  return JSON.stringify(String.fromCharCode(code)).slice(1, -1);
}

/** `2030-01-02 03:04:05.6`, in UTC, as RFC 3339 with milliseconds. */
function addTime(line: GrowingBytes, copied: Buffer, start: number): number {
  const end = endOf(copied, start);
  if (end - start < 19 || end - start > 26) {
    line.addText(JSON.stringify(new Date(`${copied.toString('latin1', start, end)}Z`)));
    return end;
  }
  const [hour, fraction] = [start + 11, start + 20];
  const digits = Math.max(0, Math.min(3, end - fraction));
  line.add(QUOTE);
  line.add(copied, start, start + 10);
  line.add(BEFORE_HOUR);
  line.add(copied, hour, hour + 8);
  line.add(BEFORE_FRACTION);
  line.add(copied, fraction, fraction + digits);
  line.add(NO_FRACTION, digits);
  line.add(END_OF_TIME);
  return end;
}

/** Many rows have the same JSON, such as service levels. */
function jsonSpelling(): Spelling {
  const known = new Map<string, string>();
  return (line, copied, start) => {
    const end = endOf(copied, start);
    const text = copied.toString('utf8', start, end);
    let spelled = known.get(text);
    if (spelled === undefined) {
      spelled = JSON.stringify(withSortedKeys(JSON.parse(unescaped(text))));
      if (known.size === MAX_KNOWN) known.clear();
      if (text.length <= MAX_KNOWN_LENGTH) known.set(text, spelled);
    }
    line.addText(spelled);
    return end;
  };
}

const ESCAPED: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/** Undoes what COPY does to control characters and backslashes. */
function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\(.)/g, (_, character: string) => ESCAPED[character] ?? character);
}
