import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { isUUID } from 'class-validator';
import { validationFailed } from '../errors/errors';

/** An id in a path, in lower case: SQLite compares text, and an id is the same in upper case (RFC 9562). */
@Injectable()
export class UuidPipe implements PipeTransform<string, string> {
  transform(value: string, { data = 'id' }: ArgumentMetadata): string {
    if (!isUUID(value)) throw validationFailed([{ field: data, message: `${data} must be a UUID` }]);
    return value.toLowerCase();
  }
}
