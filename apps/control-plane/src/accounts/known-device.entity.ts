import { KnownDeviceRow } from '@atlas/persistence';
import { Entity } from 'typeorm';

/** A device that an operator has signed in from. */
@Entity('known_devices')
export class KnownDevice extends KnownDeviceRow {}
