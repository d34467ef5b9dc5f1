import { DomainError } from '@atlas/platform';
import { Injectable } from '@nestjs/common';

/** The room for uploaded archives on this machine's disk. All uploads of this process share it. */
@Injectable()
export class UploadRoom {
  /** In bytes. Two archives of the largest size fit. */
  readonly size: number = 16 * 1024 ** 3;
  private taken = 0;

  /** Throws `uploads_busy`. */
  take(bytes: number): void {
    if (this.taken + bytes > this.size) throw uploadsBusy();
    this.taken += bytes;
  }

  release(bytes: number): void {
    this.taken -= bytes;
  }
}

function uploadsBusy(): DomainError {
  return new DomainError(
    'uploads_busy',
    'unavailable',
    'Other imports take up all the room that this plane has for archives, so nothing was imported. ' +
      'Import the archive again in a few minutes.',
    {},
    { 'retry-after': '120' },
  );
}
