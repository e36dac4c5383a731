#!/bin/bash
# Four workers on two machines, two on each, with two GPUs for every worker.
# Submit it with `sbatch slurm.sh`; submitting it again resumes the same run.
#SBATCH --job-name=dcgan
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=2
#SBATCH --gpus-per-task=2
#SBATCH --cpus-per-task=8
#SBATCH --time=04:00:00
#SBATCH --requeue
# SIGTERM to every task two minutes before the time is up: the run saves and ends with 75.
#SBATCH --signal=TERM@120
#SBATCH --output=%x-%j.log

set -eu
# The run's folder has to be where every machine, or at least the first, can keep it.
run="$SLURM_SUBMIT_DIR/runs/dcgan"
# --kill-on-bad-exit ends all tasks once one has failed.
srun --kill-on-bad-exit=1 --wait=60 \
    advnets run dcgan_cifar10 training.batch_size=256 --run-dir "$run"
