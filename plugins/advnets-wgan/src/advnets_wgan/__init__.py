"""Add Wasserstein adversarial networks (WGAN, WGAN-GP) to advnets.

Arjovsky et al. 2017, arXiv:1701.07875: the discriminator is a critic C that returns any
number. The largest difference E C(x) − E C(G(z)) that a 1-Lipschitz critic reaches is the
Wasserstein distance between p_data and p_G. The critic is kept from growing steep by
clipping its weights, or by a penalty on its gradient (Gulrajani et al. 2017,
arXiv:1704.00028).
"""
