/** The attacker, a process of its own: `run` does one attack, and what it has opened stays open until `leave`. */
import { answering } from '../child.js'
import { attacks } from './attacks.js'
import { type Outcome, Scene } from './scene.js'

export interface Ordered {
  readonly attack: string
  readonly port: number
  readonly ms: number
  readonly scale: number
}

let scene: Scene | undefined

answering({
  run: async ({ attack: name, port, ms, scale }: Ordered): Promise<Outcome> => {
    const attack = attacks.find((one) => one.name === name)
    if (!attack) throw new Error(`There is no attack "${name}".`)
    const address = `127.0.0.${2 + attacks.indexOf(attack)}` // its own: what one attack has used up, the next one has
    scene = new Scene(port, address, ms, scale)
    return attack.run(scene)
  },
  leave: () => scene?.close(),
})
