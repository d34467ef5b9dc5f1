import { TenantDatabase } from '@atlas/persistence';
import { type Page, pageOf } from '@atlas/platform';
import { ListPeopleQuery, type PersonView } from '@atlas/tenant-api/users';
import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import { WHERE_ASSIGNABLE, statusOf } from '../credentials/user-status';
import { User } from '../credentials/user.entity';

/** A tenant's users, as those see them who work with them: without their email addresses. */
@Injectable()
export class People {
  constructor(private readonly tenants: TenantDatabase) {}

  async list(
    tenantId: string,
    { cursor, limit, ids, assignable }: ListPeopleQuery,
  ): Promise<Page<PersonView>> {
    const rows = await this.tenants.read(tenantId, (scope) => {
      const query = scope
        .query(User, 'person')
        .orderBy('person.id', 'DESC')
        .take(limit + 1);
      if (cursor) query.andWhere('person.id < :cursor', { cursor });
      if (ids) query.andWhere({ id: In(ids) });
      if (assignable) query.andWhere(WHERE_ASSIGNABLE);
      return query.getMany();
    });
    return pageOf(rows, limit, personView);
  }
}

/** A user without a name is stored with the email address in its place. */
function personView(user: User): PersonView {
  const { id, email, name, role } = user;
  const [local = name] = email.split('@');
  return { id, name: name === email ? local : name, role, active: statusOf(user) === 'active' };
}
