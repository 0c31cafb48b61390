/** The draft of one state in a transaction, and what is known of the values that its author puts in. */

import { CopiedContainers } from '../delta/copied-containers.js'
import { type Draft, openDraft } from '../delta/draft.js'
import { FieldLines } from '../delta/field-lines.js'
import { noteGrowth } from '../delta/growth.js'
import type { ServerDefinition } from '../state/define.js'
import type { Fields } from '../store/store.js'
import { development } from './lock-source.js'

export class StateDraft {
  readonly definition: ServerDefinition
  /** Where each field was written. In development. */
  readonly lines: FieldLines | undefined
  private readonly draft: Draft<Fields>
  /** Made by the first commit after which the author's code goes on. */
  private given: CopiedContainers | undefined

  constructor(definition: ServerDefinition, fields: Fields) {
    this.definition = definition
    this.lines = development ? new FieldLines() : undefined
    this.draft = openDraft(fields, [definition.id], definition.members.computed, this.lines, noteGrowth)
  }

  get state(): object {
    return this.draft.state
  }

  /** About how many bytes the last commit has put in. */
  get grown(): number {
    return this.draft.grown
  }

  /** The next snapshot. `goesOn`: the author's code goes on, and may write to what it has put in. */
  commit(goesOn: boolean): Fields {
    if (!goesOn && !development) return this.draft.commit()
    this.given ??= new CopiedContainers()
    return this.draft.commit(this.given)
  }

  /** Paths of what was put in and has changed since, by way of the author's own object. */
  lost(): string[] {
    return this.given?.lost() ?? []
  }

  close(): void {
    this.draft.close()
  }
}
