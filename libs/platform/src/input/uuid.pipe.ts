import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { isUUID } from 'class-validator';
import { validationFailed } from '../errors/errors';

/**
 * Validates an id in a path and converts it to lower case: ids are case-insensitive (RFC 9562), but SQLite
 * compares them as text.
 */
@Injectable()
export class UuidPipe implements PipeTransform<string, string> {
  transform(value: string, { data = 'id' }: ArgumentMetadata): string {
    if (!isUUID(value)) throw validationFailed([{ field: data, message: `${data} must be a UUID` }]);
    return value.toLowerCase();
  }
}
