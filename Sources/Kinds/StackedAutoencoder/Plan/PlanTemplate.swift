/// The plan that `cairn plan init` writes.
enum PlanTemplate {
    static let text = """
        # A plan says all that a run depends on. docs/plan.md explains every key.
        name: fashion-mnist
        seed: 1

        data:
          # IDX, NPY or CSV files, or folders of pictures. Debian's package dataset-fashion-mnist brings these.
          unlabeled: /usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz
          held_out: 1000            # samples kept out of training to measure the reconstruction error
          shards: 2
          labeled:
            samples: /usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz
            labels: /usr/share/datasets/fashion-mnist/train-labels-idx1-ubyte.gz
            per_class: 10           # labeled examples of each class
            draws: 5                # how often the experiment is done, each time with other examples
          test:
            samples: /usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz
            labels: /usr/share/datasets/fashion-mnist/t10k-labels-idx1-ubyte.gz

        layers:                     # from the input upwards; a layer can have any key of pretraining as its own
          - units: 1000
          - units: 1000

        pretraining:
          rounds: 8                 # how often the replicas' weights are averaged
          replicas: 2
          l1: 0.1                   # weight of the sum of absolute activations of a code
          masking: 0.3              # share of a sample's numbers that are set to zero
          learning_rate: 0.001

        fine_tuning:
          epochs: 100
          batch_size: 20
          learning_rate: 0.001      # of the softmax layer; from a random start of all layers
          encoder_learning_rate: 0  # of the pretrained layers: with few labels they are best left as they are
          dropout: 0.5
          input_dropout: 0.2

        """
}
