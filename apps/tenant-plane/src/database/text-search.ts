import { type DatabaseDriver } from '@atlas/persistence';
import { type ObjectLiteral, type SelectQueryBuilder } from 'typeorm';

interface TextCondition {
  /** The operator and the parameter `:name`, to be written after the column. */
  readonly operator: string;
  readonly pattern: string;
}

/** Keeps the rows of which one of these columns contains `text`, in upper or lower case. */
export function whereContains<T extends ObjectLiteral>(
  query: SelectQueryBuilder<T>,
  columns: readonly string[],
  text: string,
): void {
  const isPostgres = query.connection.options.type === 'postgres';
  const { operator, pattern } = containing(isPostgres ? 'postgres' : 'sqlite', text);
  const conditions = columns.map((column) => `${query.alias}.${column} ${operator} :pattern`);
  query.andWhere(`(${conditions.join(' or ')})`, { pattern });
}

/**
 * A condition on a text column that contains `text` in upper or lower case. The case of each character is
 * spelled out, because SQLite folds only ASCII, and Postgres folds only what the database's locale knows.
 */
export function containing(driver: DatabaseDriver, text: string): TextCondition {
  const characters = [...text].map(spellings);
  if (driver === 'sqlite') return { operator: 'glob', pattern: `*${characters.map(anyOf).join('')}*` };
  return { operator: '~', pattern: characters.map(anyOfForPostgres).join('') };
}

/** The character in both cases. A character like ß, whose other case has two, has one spelling. */
function spellings(character: string): readonly string[] {
  const both = [character.toLowerCase(), character.toUpperCase()];
  return [...new Set([character, ...both])].filter((one) => [...one].length === 1);
}

/** GLOB has no escape character: a special character stands for itself in brackets. */
function anyOf(characters: readonly string[]): string {
  return characters.length > 1 || /[*?[]/.test(characters.join(''))
    ? `[${characters.join('')}]`
    : characters.join('');
}

function anyOfForPostgres(characters: readonly string[]): string {
  if (characters.length > 1) return `[${characters.join('')}]`;
  return characters.join('').replace(/[\\^$.*+?()[\]{}|]/, '\\$&');
}
