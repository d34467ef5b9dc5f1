import { KnownDeviceRow } from '@atlas/persistence';
import { Entity } from 'typeorm';

/** A device of an operator. */
@Entity('known_devices')
export class KnownDevice extends KnownDeviceRow {}
