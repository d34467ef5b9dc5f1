import { OutgoingMailRow } from '@atlas/persistence';
import { Entity, PrimaryColumn } from 'typeorm';

@Entity('outgoing_mails')
export class OutgoingMail extends OutgoingMailRow {
  @PrimaryColumn('uuid') id: string;
}
