import {
  type ArgumentMetadata,
  ValidationPipe,
  type ValidationError,
  type ValidationPipeOptions,
} from '@nestjs/common';
import { type FieldError, validationFailed } from '../errors/errors';
import { toleratesUnknown } from './tolerates-unknown.decorator';

const OPTIONS: ValidationPipeOptions = {
  transform: true,
  whitelist: true,
  forbidNonWhitelisted: true,
  forbidUnknownValues: true,
  exceptionFactory: (errors) => validationFailed(errors.flatMap((error) => fieldErrors(error))),
};

/**
 * Validates bodies and queries against their class. Properties that the class does not declare are refused,
 * or dropped if the class is {@link ToleratesUnknown}.
 */
export function createValidationPipe(): ValidationPipe {
  return new RequestPipe(OPTIONS);
}

/**
 * U+0000 and lone surrogates are valid JSON, but databases cannot store them, so they are refused everywhere.
 */
class RequestPipe extends ValidationPipe {
  private readonly tolerant = new ValidationPipe({ ...OPTIONS, forbidNonWhitelisted: false });

  override transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const field = metadata.type === 'custom' ? null : unstorableField(value, metadata.data ?? '');
    if (field !== null)
      throw validationFailed([
        { field, message: `${field || 'the value'} contains a character that cannot be stored` },
      ]);
    // class-validator's whitelist accepts inherited names such as "constructor".
    const inherited = Object.keys(value ?? {}).find((name) => name in Object.prototype);
    if (inherited !== undefined && metadata.type !== 'custom')
      throw validationFailed([{ field: inherited, message: `property ${inherited} should not exist` }]);
    // The base pipe treats null as an empty object.
    if (value === null && metadata.type === 'body')
      throw validationFailed([{ field: '', message: 'send an object' }]);
    return toleratesUnknown(metadata.metatype)
      ? this.tolerant.transform(value, metadata)
      : super.transform(value, metadata);
  }
}

const MAX_DEPTH = 50;

export function isTooDeep(value: unknown, depth = 0): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth > MAX_DEPTH || Object.values(value).some((part) => isTooDeep(part, depth + 1));
}

/**
 * The path of the first key that Object.prototype also has, such as "toString". Code that copies objects can
 * silently drop such keys.
 */
export function inheritedField(value: unknown, path = ''): string | null {
  if (typeof value !== 'object' || value === null) return null;
  for (const [key, part] of Object.entries(value)) {
    const field = path ? `${path}.${key}` : key;
    const found = key in Object.prototype ? field : inheritedField(part, field);
    if (found !== null) return found;
  }
  return null;
}

/**
 * The path of the first string or key that cannot be stored, or null. May recurse, because deeply nested
 * values have already been refused.
 */
export function unstorableField(value: unknown, path: string): string | null {
  if (typeof value === 'string') return isStorable(value) ? null : path;
  if (typeof value !== 'object' || value === null) return null;
  for (const [key, part] of Object.entries(value)) {
    const field = path ? `${path}.${key}` : key;
    const found = isStorable(key) ? unstorableField(part, field) : path;
    if (found !== null) return found;
  }
  return null;
}

function isStorable(text: string): boolean {
  return !text.includes('\u0000') && text.isWellFormed();
}

export function fieldErrors(error: ValidationError, parent = ''): FieldError[] {
  const field = parent ? `${parent}.${error.property}` : (error.property ?? '');
  const own = Object.values(error.constraints ?? {}).map((message) => ({ field, message }));
  return [...own, ...(error.children ?? []).flatMap((child) => fieldErrors(child, field))];
}
