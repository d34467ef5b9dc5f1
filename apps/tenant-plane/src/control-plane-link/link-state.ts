import { Injectable } from '@nestjs/common';

/** How the calls of this process to the Control Plane go. */
@Injectable()
export class LinkState {
  isReachable = false;
  /** Calls in a row that came to nothing, or whose answer could not be believed. */
  failures = 0;

  note(isReachable: boolean): void {
    this.isReachable = isReachable;
    this.failures = isReachable ? 0 : this.failures + 1;
  }
}
